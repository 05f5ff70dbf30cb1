"""What goes between a creator and their audience beside gifts: questions in a stream, and streams announced ahead."""
