"""What a month on AWS costs: the budgets that tests hold, times how much is called, times list prices.

How much is called and what it costs are inputs: `infra/cost/inputs.toml`. Free tiers are left out, and so is what is
small beside the rest: mails, the storage of logs, secrets, keys of encryption.
"""
