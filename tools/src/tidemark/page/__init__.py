"""The dashboard's page: packed from its sources, and served with the signatures that the API demands."""
