# A script that says what it needs.
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "apple<2",
#   "banana",
# ]
# ///
ANSWER = 42

# %%
# !pip install "cherry==0.5" --quiet
