#pragma once
// Opens a checkpoint: nothing of it is given to anybody before all of it was looked at.
#include <string>

#include "recovery/checkpoint/manifest.h"

namespace redkeep::recovery {

struct Checkpoint {
  std::string directory;  ///< Where its files are: a content directory.
  Manifest manifest;
};

/// Reads all files once or twice. NotFound if there is no checkpoint; Io if one of its files is
/// missing or has other bytes or rows than the manifest says, or if a search_index.csv is beside
/// them that is not of it: the message names the file and what is wrong. Changes nothing; may run
/// while another process writes a new one.
Result<Checkpoint> open_checkpoint(const std::string& directory);

}  // namespace redkeep::recovery
