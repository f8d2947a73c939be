#pragma once
// Brings a server's graph back to what a content directory says, where most of it is there: only
// what differs is written, and what is overwritten or removed is saved first.
#include <stop_token>
#include <string>

#include "recovery/verify/expected_content.h"
#include "recovery/verify/mend.h"
#include "redkeep/options.h"

namespace redkeep::recovery {

struct RepairOptions {
  MendOptions mend;
  /// In place of mend.directory: which content a server at some position has to hold. Nobody may
  /// change the content by the journal meanwhile.
  ContentAt content_at;
  /// Only what is missing is looked for, and written; see find_missing(). Not with
  /// mend.remove_orphans, which names alone do not tell.
  bool names_only = false;
  /// Mends by the directory although a journal is in use: what was stored through it is undone.
  bool despite_journal = false;
  std::int64_t configured_limit_bytes = 0;  ///< Where the server has no maxmemory.
};

enum class RepairEnd {
  NothingToDo,
  Repaired,
  WouldRepair,  ///< A dry run: nothing was changed.
  BadContent,   ///< `problems` says what is wrong with the CSV. Nothing was changed.
};
std::string_view to_string(RepairEnd end);

struct RepairOutcome {
  RepairEnd end = RepairEnd::NothingToDo;
  MendOutcome mended;
  ContentProblems problems;
};

/// Fails as survey() and mend() do; what was written by then stays, and doing it again goes on.
redis::awaitable<Result<RepairOutcome>> repair(EndpointOptions endpoint, std::string prefix,
                                               RepairOptions options, std::stop_token stop,
                                               ShowProgress progress);

}  // namespace redkeep::recovery
