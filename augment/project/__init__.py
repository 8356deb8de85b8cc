"""The checkout around a run: DVC's files and faults, the work store, the ledger of test queries, the doctor."""
