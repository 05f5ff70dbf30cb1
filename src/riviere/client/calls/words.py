"""What people write: word lists, reviews, reports and blocks."""

from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.wire.common import Page, Paged
from riviere.wire.words import (
    BlockedViewer,
    CreatorWords,
    ReplaceCreatorWords,
    ReplaceWordList,
    ReportedWords,
    ReportsWaiting,
    ReportWords,
    WordList,
    WrittenWords,
)


class WordCalls:
    """Words beside gifts, and questions: who may see them."""

    @asked
    def get_word_list(self) -> Call[WordList]:
        """The platform's word list."""
        return Call("GET", "/v1/words", WordList)

    @asked
    def replace_word_list(self, words: ReplaceWordList) -> Call[WordList]:
        """Put another word list in the place of the platform's."""
        return Call("PUT", "/v1/words", WordList, words)

    @asked
    def get_creator_words(self, creator: str) -> Call[CreatorWords]:
        """A creator's own word list, and whether they review everything."""
        return Call("GET", path("/v1/users/{creator}/words", creator=creator), CreatorWords)

    @asked
    def replace_creator_words(self, creator: str, words: ReplaceCreatorWords) -> Call[CreatorWords]:
        """Put another word list in the place of a creator's."""
        return Call("PUT", path("/v1/users/{creator}/words", creator=creator), CreatorWords, words)

    @listed
    def list_words_to_review(self, creator: str, query: Paged | None = None) -> Call[Page[WrittenWords]]:
        """What waits until somebody has looked at it, the oldest first."""
        waiting = path("/v1/users/{creator}/words-to-review", creator=creator)
        return Call("GET", waiting, Page[WrittenWords], query=fields(query))

    @asked
    def approve_words(self, creator: str, words: str) -> Call[WrittenWords]:
        """Show words, or a question, to everybody who watches."""
        at = path("/v1/users/{creator}/written/{id}/approve", creator=creator, id=words)
        return Call("POST", at, WrittenWords, once=True)

    @asked
    def hide_words(self, creator: str, words: str) -> Call[WrittenWords]:
        """Show words, or a question, to nobody any more."""
        at = path("/v1/users/{creator}/written/{id}/hide", creator=creator, id=words)
        return Call("POST", at, WrittenWords, once=True)

    @asked
    def report_words(self, creator: str, words: str, report: ReportWords) -> Call[None]:
        """Report words; the second time it changes nothing."""
        at = path("/v1/users/{creator}/written/{id}/report", creator=creator, id=words)
        return Call("POST", at, type(None), report, once=True)

    @listed
    def list_reports(self, query: Paged | None = None) -> Call[Page[ReportedWords]]:
        """Reported words that nobody has decided on; what has waited longest comes first."""
        return Call("GET", "/v1/reports", Page[ReportedWords], query=fields(query))

    @asked
    def count_reports(self) -> Call[ReportsWaiting]:
        """How many reported words nobody has decided on."""
        return Call("GET", "/v1/reports/waiting", ReportsWaiting)

    @asked
    def get_reports(self, creator: str, words: str) -> Call[ReportedWords]:
        """Reported words that nobody has decided on, with who reported them and why."""
        return Call("GET", path("/v1/users/{creator}/written/{id}/reports", creator=creator, id=words), ReportedWords)

    @asked
    def dismiss_reports(self, creator: str, words: str) -> Call[WrittenWords]:
        """Find nothing wrong with reported words."""
        return Call("POST", path("/v1/users/{creator}/written/{id}/dismiss", creator=creator, id=words), WrittenWords)

    @asked
    def uphold_reports(self, creator: str, words: str) -> Call[WrittenWords]:
        """Hide reported words; only a moderator can show them again."""
        return Call("POST", path("/v1/users/{creator}/written/{id}/uphold", creator=creator, id=words), WrittenWords)

    @listed
    def list_blocked(self, creator: str, query: Paged | None = None) -> Call[Page[BlockedViewer]]:
        """The viewers whom a creator has blocked, the latest first."""
        blocked = path("/v1/users/{creator}/blocked", creator=creator)
        return Call("GET", blocked, Page[BlockedViewer], query=fields(query))

    @asked
    def block_viewer(self, creator: str, viewer: str) -> Call[None]:
        """Hide what a viewer wrote and writes to a creator."""
        return Call("PUT", path("/v1/users/{creator}/blocked/{viewer}", creator=creator, viewer=viewer), type(None))

    @asked
    def unblock_viewer(self, creator: str, viewer: str) -> Call[None]:
        """Let a viewer be heard again."""
        return Call("DELETE", path("/v1/users/{creator}/blocked/{viewer}", creator=creator, viewer=viewer), type(None))
