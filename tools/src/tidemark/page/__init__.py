"""The dashboard's page: packed from its sources, and served with signatures where the API wants them."""
