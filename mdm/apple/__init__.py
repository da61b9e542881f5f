"""Apple's device management protocol (github.com/apple/device-management) and the SCEP it enrols by (RFC
8894).
"""
