// Design: renameat2() exchanges the names of the old and the new directory in one step, so there is
// no moment without a checkpoint. Rejected: renaming file by file, which shows readers the one file
// new and the other old. Where a file system cannot exchange (NFS, some FUSE), two renames leave a
// moment in which the new one, whole by then, is found beside (checkpoint_path()).
//
// A directory of a run that was killed is told from a user's by a file: it has manifest.json.part
// from its first moment, which becomes manifest.json when all is written. Both runs that write and
// runs that clean up hold a lock on the directory itself.
#include "recovery/checkpoint/checkpoint_place.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "error/error.h"
#include "recovery/checkpoint/manifest.h"

namespace redkeep::recovery {
namespace {

namespace fs = std::filesystem;

const std::string kManifest(kManifestName);
const std::string kPart = kManifest + ".part";

bool is_there(const std::string& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

Error cannot(std::string_view doing, const std::string& path, int reason) {
  return make_error(ErrorKind::Io, "cannot {} {}: {}", doing, path, system_reason(reason));
}

bool is_ours(const std::string& name) {
  return name == kManifest || name == kPart ||
         std::find(kCheckpointFiles.begin(), kCheckpointFiles.end(), name) !=
             kCheckpointFiles.end();
}

// The names in a directory, in order. Refused if one of them is none of ours.
Result<std::vector<std::string>> own_files(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code failure;
  fs::directory_iterator entry(directory, failure);
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    names.push_back(entry->path().filename().string());
  }
  if (failure) return cannot("read the directory", directory, failure.value());
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    if (is_ours(name)) continue;
    return make_error(
        ErrorKind::Refused,
        "{} has \"{}\" in it, which is not of a checkpoint and would be lost: move it "
        "away, or name another directory",
        directory, printable(name, 80));
  }
  return names;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::binary_search(names.begin(), names.end(), name);
}

// What may be written over: nothing, or with `replace` a checkpoint with nothing else beside it.
Status may_write_over(const std::string& directory, bool replace) {
  if (!is_there(directory)) return {};
  const auto manifest = read_manifest(directory);
  if (!manifest && manifest.error().kind == ErrorKind::NotFound) {
    return make_error(ErrorKind::Refused,
                      "{} is there and is not an export (it has no {}): name a directory that does "
                      "not exist",
                      directory, kManifest);
  }
  if (!manifest) {
    return make_error(ErrorKind::Refused, "{}; remove {} if it is to be written anew",
                      manifest.error().message, directory);
  }
  if (!replace) {
    return make_error(ErrorKind::Refused,
                      "{} has an export already: --replace writes a new one over it", directory);
  }
  const auto files = own_files(directory);
  return files ? Status{} : Status{files.error()};
}

// Empties a directory that a run of ours has left. Without its manifest it is no checkpoint for
// anybody; the mark goes last, so that the next run knows it when this one is cut.
Status clear(Disk& disk, const std::string& directory) {
  const auto files = own_files(directory);
  if (!files) return files.error();
  if (files->empty()) return {};
  const bool is_whole = has(*files, kManifest);
  if (!is_whole && !has(*files, kPart)) {
    return make_error(ErrorKind::Refused,
                      "{} is there and was not left by a checkpoint: move it away", directory);
  }
  const std::string mark = directory + "/" + kPart;
  if (is_whole && disk.rename(directory + "/" + kManifest, mark) != 0) {
    return cannot("rename to", mark, errno);
  }
  for (const auto file : kCheckpointFiles) {
    const Status removed = remove_file(disk, directory + "/" + std::string(file));
    if (!removed) return removed;
  }
  return remove_file(disk, mark);
}

Status clear_away(Disk& disk, const std::string& directory) {
  if (const Status cleared = clear(disk, directory); !cleared) return cleared;
  if (disk.remove_directory(directory) == 0) return {};
  return cannot("remove the directory", directory, errno);
}

std::string parent_of(const std::string& path) { return fs::path(path).parent_path().string(); }

bool cannot_exchange(int reason) {
  return reason == EINVAL || reason == ENOSYS || reason == EOPNOTSUPP;
}

}  // namespace

std::string checkpoint_path(const std::string& directory) {
  const std::string next = directory + ".next";
  const bool is_beside = !is_there(directory) && is_there(next + "/" + kManifest);
  return is_beside ? next : directory;
}

Result<std::string> canonical_directory(const std::string& directory) {
  std::error_code failure;
  fs::path path;
  if (!directory.empty()) path = fs::weakly_canonical(fs::absolute(directory, failure), failure);
  if (!failure && !path.has_filename()) path = path.parent_path();
  if (!failure && path.has_filename()) return path.string();
  return make_error(ErrorKind::InvalidInput, "\"{}\" does not name a directory of its own{}{}",
                    printable(directory), failure ? ": " : "",
                    failure ? system_reason(failure.value()) : "");
}

Result<CheckpointPlace::Lock> CheckpointPlace::Lock::take(const std::string& directory) {
  Lock lock;
  lock.descriptor_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (lock.descriptor_ < 0) return cannot("open the directory", directory, errno);
  const bool is_locked = ::flock(lock.descriptor_, LOCK_EX | LOCK_NB) == 0;
  if (!is_locked && errno != EWOULDBLOCK) return cannot("lock", directory, errno);
  // Who had it may have given its name to another one before we got it.
  struct stat locked {};
  struct stat named {};
  const bool is_still_it = ::fstat(lock.descriptor_, &locked) == 0 &&
                           ::stat(directory.c_str(), &named) == 0 &&
                           locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
  if (is_locked && is_still_it) return lock;
  return make_error(ErrorKind::Refused, "{} is being written by another process: wait for its end",
                    directory);
}

CheckpointPlace::Lock::~Lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

CheckpointPlace::CheckpointPlace(Disk& disk, std::string directory)
    : disk_(&disk),
      directory_(std::move(directory)),
      next_(directory_ + ".next"),
      replaced_(directory_ + ".replaced") {}

Result<CheckpointPlace> CheckpointPlace::claim(Disk& disk, const std::string& directory,
                                               bool replace) {
  const auto path = canonical_directory(directory);
  if (!path) return path.error();
  const Status allowed = may_write_over(checkpoint_path(*path), replace);
  if (!allowed) return allowed.error();
  CheckpointPlace place(disk, *path);
  if (const Status locked = place.lock(); !locked) return locked.error();
  if (const Status settled = place.settle(); !settled) {
    place.abandon();
    return settled.error();
  }
  return place;
}

Status CheckpointPlace::lock() {
  if (const Status made = make_directory(*disk_, next_); !made) return made;
  auto next = Lock::take(next_);
  if (!next) return next.error();
  next_lock_ = std::move(*next);
  if (!is_there(directory_)) return {};
  auto old = Lock::take(directory_);
  if (!old) {
    abandon();
    return old.error();
  }
  old_lock_ = std::move(*old);
  return {};
}

// What a run that was killed has left: a step that it had not finished is finished.
Status CheckpointPlace::settle() {
  if (checkpoint_path(directory_) == next_) {
    const Status renamed = rename_for_good(*disk_, next_, directory_);
    if (!renamed) return renamed;
    next_lock_ = Lock();
    if (const Status locked = lock(); !locked) return locked;
  }
  if (is_there(replaced_)) static_cast<void>(clear_away(*disk_, replaced_).ok());
  return clear(*disk_, next_);
}

Status CheckpointPlace::begin() {
  if (const Status cleared = clear(*disk_, next_); !cleared) return cleared;
  auto mark = OutputFile::open(*disk_, next_ + "/" + kPart, O_CREAT | O_EXCL);
  return mark ? mark->close() : Status{mark.error()};
}

Status CheckpointPlace::put(std::string_view manifest) {
  if (const Status written = write_manifest(manifest); !written) return written;
  if (const Status taken = take_name(); !taken) return taken;
  is_put_ = true;
  if (const Status synced = sync_directory(*disk_, parent_of(directory_)); !synced) {
    return make_error(ErrorKind::Io,
                      "{}: {} has the new state, but a power loss may bring the old one back",
                      synced.error().message, directory_);
  }
  // The new state is there whether or not this works; the next run does it otherwise.
  for (const auto& left : {next_, replaced_}) {
    if (is_there(left)) static_cast<void>(clear_away(*disk_, left).ok());
  }
  return {};
}

// The files' names are on the disk before the manifest's is: who finds it finds them.
Status CheckpointPlace::write_manifest(std::string_view manifest) {
  const std::string mark = next_ + "/" + kPart;
  auto file = OutputFile::open(*disk_, mark, O_TRUNC);
  if (!file) return file.error();
  if (const Status written = file->write(manifest); !written) return written;
  if (const Status synced = file->sync(); !synced) return synced;
  if (const Status closed = file->close(); !closed) return closed;
  if (const Status synced = sync_directory(*disk_, next_); !synced) return synced;
  return rename_for_good(*disk_, mark, next_ + "/" + kManifest);
}

Status CheckpointPlace::take_name() {
  if (!is_there(directory_)) {
    if (disk_->rename(next_, directory_) == 0) return {};
    return cannot("rename to", directory_, errno);
  }
  if (disk_->exchange(next_, directory_) == 0) return {};
  if (cannot_exchange(errno)) return replace_in_two_steps();
  return cannot("take the name of", directory_, errno);
}

Status CheckpointPlace::replace_in_two_steps() {
  if (disk_->rename(directory_, replaced_) != 0) return cannot("rename", directory_, errno);
  if (disk_->rename(next_, directory_) == 0) return {};
  const int reason = errno;
  if (disk_->rename(replaced_, directory_) == 0) return cannot("rename to", directory_, reason);
  is_put_ = true;  // for a reader the new one, beside, is the checkpoint now
  return make_error(ErrorKind::Io,
                    "cannot rename {} to {}: {}; the new state is in the former, the old one in {}",
                    next_, directory_, system_reason(reason), replaced_);
}

void CheckpointPlace::abandon() {
  if (is_put_ || clear_away(*disk_, next_)) return;
  // A disk that fails all the time: what was whole already can be found, and may be taken.
  is_put_ = checkpoint_path(directory_) == next_;
}

}  // namespace redkeep::recovery
