#pragma once
// The progress of a verify, repair or rebuild, whose steps count different things.
#include <optional>
#include <string>

#include "app/progress_line.h"
#include "recovery/verify/server_facts.h"

namespace redkeep::app {

class RecoveryProgress {
 public:
  /// For the recovery to call. Must not outlive this object.
  recovery::ShowProgress show() {
    return [this](const recovery::Progress& progress) {
      if (!line_ || unit_ != progress.counted) {
        unit_ = progress.counted;
        line_.reset();
        line_.emplace(unit_);
      }
      line_->show(progress.doing, progress.count, progress.share);
    };
  }
  void clear() { line_.reset(); }

 private:
  std::string unit_;
  std::optional<ProgressLine> line_;
};

}  // namespace redkeep::app
