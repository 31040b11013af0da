"""What can be read off a trained model: wrong answers, recovered directions."""
