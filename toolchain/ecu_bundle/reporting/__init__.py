"""What people and other tools read about a proof: HTML report, JUnit results, software bill of materials."""
