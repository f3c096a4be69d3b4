"""The agents: residents, providers, agencies, commissioners and the centre."""
