"""Choose from the ranking which finalists are trained within the budget."""
