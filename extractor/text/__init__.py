"""What one request shows of a document, and what it asks about: tokens, tables, outline, cuts, context. All pure."""
