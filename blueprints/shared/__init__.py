"""What every blueprint uses: answers, access, forms, security, error pages, words and times."""
