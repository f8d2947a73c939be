#include "guard/ledger_writer.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "error/error.h"
#include "guard/ledger_file.h"

namespace redkeep::guard {
namespace {
// A quarter of an hour of shedding without a pause; with its texts half a megabyte.
constexpr std::size_t kMostWaiting = 1000;
}  // namespace

LedgerWriter::LedgerWriter(std::string directory, std::chrono::milliseconds retry_every)
    : directory_(std::move(directory)),
      retry_every_(retry_every),
      waiting_(kMostWaiting),
      thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

LedgerWriter::~LedgerWriter() {
  thread_.request_stop();
  thread_.join();
}

void LedgerWriter::add(const LedgerEntry& entry) {
  const std::lock_guard lock(mutex_);
  waiting_.push(entry);
  changed_.notify_one();
}

void LedgerWriter::run(std::stop_token stop) {
  LedgerFile file(directory_);
  std::unique_lock lock(mutex_);
  // When asked to stop this goes on until nothing waits or the disk refuses.
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    const LedgerEntry entry = waiting_.front();
    lock.unlock();
    const Status written = file.append(entry);
    lock.lock();
    if (written) {
      waiting_.pop();
    } else if (written.error().kind == ErrorKind::Refused) {
      waiting_.clear();
    }
    lock.unlock();
    note(written);
    lock.lock();
    if (written) continue;
    if (stop.stop_requested()) return;
    changed_.wait_for(lock, stop, retry_every_, [] { return false; });
  }
}

void LedgerWriter::note(const Status& written) {
  if (written) {
    if (std::exchange(failed_, false)) spdlog::info("the ledger is written again");
    return;
  }
  failed_ = true;
  if (!complaints_.pass("ledger", std::chrono::steady_clock::now())) return;
  spdlog::warn("the ledger is kept in memory only: {}", written.error().message);
}

}  // namespace redkeep::guard
