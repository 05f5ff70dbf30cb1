"""What creators earned: sums of the journal, from the tallies where those are enough."""
