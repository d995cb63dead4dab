"""What the numbers mean: wide frames, detectors, assessment, snapshot. No network, no Streamlit."""
