//! What operators, an authority and customers are told of an incident.
