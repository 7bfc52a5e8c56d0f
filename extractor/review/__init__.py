"""What a person looks at afterwards: the HTML report and the comparison with gold answers."""
