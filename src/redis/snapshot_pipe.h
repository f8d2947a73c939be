#pragma once
// The named pipe through which a server that starts reads its snapshot while it is still written.
#include <sys/types.h>

#include <stop_token>
#include <string>
#include <string_view>

#include "redkeep/result.h"

namespace redkeep::redis {

/// Removed with the object. Used from one thread at a time.
class SnapshotPipe {
 public:
  /// At `path`, where the server looks for its dump; one that is there from a run that was killed
  /// is replaced, anything else refuses.
  static Result<SnapshotPipe> create(std::string path);
  SnapshotPipe(SnapshotPipe&& other) noexcept;
  SnapshotPipe& operator=(SnapshotPipe&&) = delete;
  ~SnapshotPipe();

  /// Waits until the server has opened it; fails if the server ends first (it is left to be
  /// reaped).
  Status open(pid_t server, const std::stop_token& stop);
  /// All of it, as fast as the server reads.
  Status write(std::string_view bytes);
  /// The end of the snapshot.
  void close();

 private:
  explicit SnapshotPipe(std::string path) : path_(std::move(path)) {}
  Status wait_until_writable() const;

  std::string path_;  // empty: moved from
  int descriptor_ = -1;
  pid_t server_ = -1;
  std::stop_token stop_;
};

}  // namespace redkeep::redis
