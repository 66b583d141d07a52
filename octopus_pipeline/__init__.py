"""octopus_pipeline: EmailOctopus campaigns to MongoDB, Parquet and one CSV a campaign."""
