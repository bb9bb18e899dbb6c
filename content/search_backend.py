"""Wagtail's PostgreSQL search with queries cut the same way as the texts (content.chinese_search)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchQuery
from modelsearch.backends.database.postgres.postgres import (
    PostgresAutocompleteQueryCompiler,
    PostgresSearchBackend,
    PostgresSearchQueryCompiler,
)
from modelsearch.backends.database.postgres.query import Lexeme
from wagtail.search.query import Phrase, PlainText

from .chinese_search import is_chinese, query_terms


class _CutsQueries:
    LAST_TERM_IS_PREFIX = False

    def build_tsquery_content(self, query: Any, config: str | None = None, invert: bool = False) -> Any:
        if not isinstance(query, PlainText | Phrase):
            return super().build_tsquery_content(query, config=config, invert=invert)  # type: ignore[misc]
        terms = query_terms(query.query_string)
        if not terms:
            return None
        any_of = isinstance(query, PlainText) and query.operator == "or"
        last = len(terms) - 1
        lexemes: Any = None
        for position, term in enumerate(terms):
            # A lone character is the beginning of some pair; while typing, so is the last term.
            prefix = (is_chinese(term) and len(term) == 1) or (self.LAST_TERM_IS_PREFIX and position == last)
            lexeme = Lexeme(term, invert=invert, prefix=prefix)
            if lexemes is None:
                lexemes = lexeme
                continue
            lexemes = lexemes | lexeme if any_of else lexemes & lexeme
        return SearchQuery(lexemes, search_type="raw", config=config)


class ChineseSearchQueryCompiler(_CutsQueries, PostgresSearchQueryCompiler):
    pass


class ChineseAutocompleteQueryCompiler(_CutsQueries, PostgresAutocompleteQueryCompiler):
    LAST_TERM_IS_PREFIX = True


class ChineseSearchBackend(PostgresSearchBackend):
    query_compiler_class = ChineseSearchQueryCompiler
    autocomplete_query_compiler_class = ChineseAutocompleteQueryCompiler


SearchBackend = ChineseSearchBackend
