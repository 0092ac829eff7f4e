package postgres_test

func extractUntilKilled() bool { return false }
