#pragma once
// Drift, found and mended: keys that are not as their class promises, and references of the content
// graph to what is not there. Two passes over the keyspace: names, types and TTLs in the first,
// what the graph's keys refer to in the second.
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

#include "drift/drift.h"
#include "keys/class_table.h"
#include "redis/client.h"

namespace redkeep::drift {

struct AuditOptions {
  /// Mends what is found, each only if it is still so at that moment.
  bool fix = false;
  /// The part of the time that may be spent on it, 1 = without pauses.
  double duty = 1.0;
  std::size_t page_keys = 500;
  /// References are not followed where the graph's records would take more memory of ours.
  std::size_t most_record_bytes = std::size_t{8} << 30;
  /// Where more of a hundred references and more dangle, the graph was lost rather than drifted,
  /// and none is mended: what still names a record may be all that tells that it is missing.
  double most_dangling_share = 0.5;
  /// A reference is only taken for dangling if its target is not there either when it is looked for
  /// again, so long after everything was read: who stores a record in several commands is given
  /// that time to finish.
  std::chrono::milliseconds settle{1000};
};

struct AuditProgress {
  std::string_view doing;
  std::int64_t keys = 0;
};

/// Reads only unless `fix`. Where a load or a rebuild is under way references are not judged; see
/// also most_dangling_share. Memory: 16 to 48 bytes a key of the graph. Fails with Refused where
/// `fix` is asked of a replica, as the connection or the server does, or with Interrupted: what was
/// mended stays. Where scripts are refused references are found and not looked at again, see
/// AuditOutcome. `table` must outlive the call; `progress` may be empty.
redis::awaitable<Result<AuditOutcome>> audit(std::shared_ptr<redis::Client> client,
                                             const keys::ClassTable& table, AuditOptions options,
                                             std::stop_token stop,
                                             std::function<void(const AuditProgress&)> progress);

}  // namespace redkeep::drift
