#pragma once
// Exports in tests: `redkeep export` into a directory, and what is in it.
#include <string>
#include <vector>

#include "live/live_redis.h"
#include "live/program.h"

namespace redkeep::test {

inline std::vector<std::string> export_arguments(const std::string& directory,
                                                 const std::string& url,
                                                 const std::vector<std::string>& further = {}) {
  std::vector<std::string> arguments{"export", directory, "--url", url};
  arguments.insert(arguments.end(), further.begin(), further.end());
  return arguments;
}

/// All its files as one text, but for the manifest, which has the time; empty if there are none.
inline std::string exported_text(const std::string& directory) {
  return read_file(directory + "/entities.csv") + read_file(directory + "/associations.csv");
}

/// What a server has after `redkeep load DIR`, which has to succeed. The server is emptied first.
inline Contents contents_when_loaded(const std::string& directory, LiveRedis& scratch) {
  scratch.run({"FLUSHALL"});
  const Ended loaded = run_program({"load", directory, "--url", scratch.url()});
  EXPECT_EQ(loaded.exit_code, 0) << loaded;
  return scratch.contents();
}

}  // namespace redkeep::test
