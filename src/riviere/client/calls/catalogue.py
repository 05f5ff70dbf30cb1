"""Gifts and coin packs, what they cost and from when on; and the other figures that price everything."""

from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.wire.catalogue import (
    AddGift,
    AddPack,
    AddVersion,
    CatalogueGift,
    CatalogueQuery,
    Pack,
    PacksQuery,
    PictureQuery,
    Retire,
)
from riviere.wire.common import Page, Paged
from riviere.wire.policies import AnnouncePolicy, PoliciesQuery, Policy


class CatalogueCalls:
    """The catalogue, and the policies."""

    @listed
    def list_catalogue(self, query: CatalogueQuery | None = None) -> Call[Page[CatalogueGift]]:
        """The gifts on sale, cheapest first."""
        return Call("GET", "/v1/catalogue", Page[CatalogueGift], query=fields(query))

    @listed
    def list_every_version(self, query: Paged | None = None) -> Call[Page[CatalogueGift]]:
        """Every version of every gift, past, on sale and announced, by gift and time."""
        return Call("GET", "/v1/catalogue/versions", Page[CatalogueGift], query=fields(query))

    @listed
    def list_every_pack(self, query: Paged | None = None) -> Call[Page[Pack]]:
        """Every coin pack as it was, is or will be sold, by code and time."""
        return Call("GET", "/v1/packs/versions", Page[Pack], query=fields(query))

    @asked
    def add_gift(self, gift: AddGift) -> Call[CatalogueGift]:
        """Add a gift to the catalogue, on sale now or from some time on."""
        return Call("POST", "/v1/catalogue", CatalogueGift, gift)

    @listed
    def list_versions(self, code: str) -> Call[Page[CatalogueGift]]:
        """Every price that a gift had, has or will have, in order of time."""
        return Call("GET", path("/v1/catalogue/{code}/versions", code=code), Page[CatalogueGift])

    @asked
    def add_version(self, code: str, version: AddVersion) -> Call[CatalogueGift]:
        """Sell a gift at a new price or under new conditions, now or from some time on."""
        return Call("POST", path("/v1/catalogue/{code}/versions", code=code), CatalogueGift, version)

    @asked
    def retire_gift(self, code: str, retire: Retire) -> Call[CatalogueGift]:
        """Take a gift off sale, now or at some time to come."""
        return Call("POST", path("/v1/catalogue/{code}/retire", code=code), CatalogueGift, retire)

    @asked
    def get_picture(self, code: str, query: PictureQuery | None = None) -> Call[str]:
        """A gift's picture at its latest price, as SVG."""
        return Call("GET", path("/v1/catalogue/{code}/picture", code=code), str, query=fields(query))

    @listed
    def list_packs(self, query: PacksQuery | None = None) -> Call[Page[Pack]]:
        """The coin packs on sale, by currency and price."""
        return Call("GET", "/v1/packs", Page[Pack], query=fields(query))

    @asked
    def add_pack(self, pack: AddPack) -> Call[Pack]:
        """Sell a coin pack, now or from some time on: new, or in place of what its code was."""
        return Call("POST", "/v1/packs", Pack, pack)

    @asked
    def retire_pack(self, code: str, retire: Retire) -> Call[Pack]:
        """Take a coin pack off sale, now or at some time to come."""
        return Call("POST", path("/v1/packs/{code}/retire", code=code), Pack, retire)

    @listed
    def list_policies(self, query: PoliciesQuery | None = None) -> Call[Page[Policy]]:
        """Every figure, past, in force and announced, by name, scope and time."""
        return Call("GET", "/v1/policies", Page[Policy], query=fields(query))

    @asked
    def announce_policy(self, policy: AnnouncePolicy) -> Call[Policy]:
        """Announce a figure, from now or from some time on."""
        return Call("POST", "/v1/policies", Policy, policy)
