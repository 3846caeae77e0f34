"""The read API, from API Gateway to the answer. A request passes these modules in this order.

- `handler` is the entry point; `gateway` turns the event into a request and the response into an answer
- `routes` is the table of routes; their functions are in `data_routes`, `picture_routes` and `page_routes`
- `parsing` and `parameters` check the query or body; every mistake is one of the `problems`
- `sources` reads from `history`, `ledger` and `queues`; `chart` holds what a picture shows
- `picture` draws it as `layout`, `scale` and `axes` say; `plot_bucket` stores it
- `answers` makes the body and its headers, with the `freshness`; `negotiation` decides on 304 and compression
"""
