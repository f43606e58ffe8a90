"""The formats that `import` reads: each fills a harvest from one file."""
