"""`tidemark audit`: every lock against the published advisories, with dated exceptions that lie beside the lock."""
