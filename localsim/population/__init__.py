"""Who lives there: residents and households drawn from an area's margins."""

from localsim.population.population import COLUMNS, Population, groups_of

__all__ = ["COLUMNS", "Population", "groups_of"]
