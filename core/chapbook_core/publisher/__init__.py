"""Publishing: distributions are read, checked and sent to a repository; nothing here prints or asks."""
