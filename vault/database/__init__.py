"""The one door to PostgreSQL: transactions, typed rows, and the SQL of each aggregate."""
