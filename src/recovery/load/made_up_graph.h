#pragma once
// A content directory of any size, made up from a seed: for trying Redkeep out and for benchmarks.
// The same numbers give the same bytes on every machine.
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "recovery/disk/disk.h"

namespace redkeep::recovery {

struct MadeUpGraphOptions {
  std::string directory;  ///< Made if it is not there; files that are there are not overwritten.
  std::int64_t entities = 10'000;
  std::int64_t links = 2;  ///< Of each entity to others, beside its containment.
  std::uint64_t seed = 1;
};

struct MadeUpGraph {
  std::int64_t entities = 0;
  std::int64_t associations = 0;
  std::int64_t bytes = 0;
};

/// Pages, snippets and users in one tree under the first page, ten children each, with titles and
/// texts out of some ten thousand words, the first of which are frequent. Fails with InvalidInput
/// if there is to be no entity, with Refused if one of the files is there, with Io, or with
/// Interrupted (what was written is removed). The files have their names when they are whole; what
/// one that was killed left (NAME.partial) is removed.
/// `progress` is told the share that is done, 0 to 1.
Result<MadeUpGraph> write_made_up_graph(Disk& disk, const MadeUpGraphOptions& options,
                                        const std::stop_token& stop,
                                        const std::function<void(double)>& progress);

}  // namespace redkeep::recovery
