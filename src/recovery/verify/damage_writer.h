#pragma once
// Writes what a content directory has of the keys that a survey found missing or different.
#include <stop_token>
#include <string>

#include "recovery/load/bulk_pipe.h"
#include "recovery/load/graph_batch.h"
#include "recovery/verify/survey.h"

namespace redkeep::recovery {

/// All of it must outlive the writing.
struct DamageToWrite {
  const keys::KeySchema& schema;
  const Survey& survey;
  const keys::FingerprintSet& left;  ///< Keys that stay as they are.
  const std::string& directory;
  WriteForm form;
};

/// The content is read once more by two threads, one for the entities and one for the associations,
/// which make the commands; sent are those that the pipe had before, then theirs, and all are
/// answered at the end. Fails as the pipe or the content does, or with Interrupted.
redis::awaitable<Status> write_damaged(BulkPipe& pipe, const DamageToWrite& what,
                                       std::stop_token stop, const ShowProgress& progress);

}  // namespace redkeep::recovery
