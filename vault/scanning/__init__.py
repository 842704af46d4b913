"""Everything deposited is shown to a malware scanner before anybody sees it, where one is set."""
