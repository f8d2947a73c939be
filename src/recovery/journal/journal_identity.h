#pragma once
// Which journal a position counts in. Positions of two journals look alike, so each is given an
// identity when it is begun: `journal.id` in the data directory, and `guard:journal` beside
// `guard:position` on the server that it is applied to. A line of text: 32 random hexadecimal
// digits, and for people where it was begun. It stays with the journal, wherever that is moved.
#include <string>
#include <string_view>

#include "recovery/disk/disk.h"
#include "redkeep/result.h"

namespace redkeep::recovery {

/// `DIR/journal.id`
std::string journal_identity_path(const std::string& data_directory);

/// Empty: there is none, because no journal was begun here, or by a version that knew of none.
/// Refused if the file says something else.
Result<std::string> read_journal_identity(const std::string& data_directory);

/// Makes one and writes it. When it returns without an error, the file is on the disk, whole.
Result<std::string> begin_journal_identity(Disk& disk, const std::string& data_directory);

/// What to tell a person about a server whose identity (`found`, what `key` says) is not that of
/// the journal in the data directory (`own`, empty: none): whose it is and what to do.
std::string of_another_journal(std::string_view key, std::string_view found, std::string_view own,
                               const std::string& data_directory);

}  // namespace redkeep::recovery
