"""Where the documents of a job are: files and folders, object storage, web servers, rows of tables."""
