"""One module for each tab of the page: layout and wiring only."""
