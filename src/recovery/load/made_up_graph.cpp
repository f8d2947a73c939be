#include "recovery/load/made_up_graph.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <vector>

#include "error/error.h"
#include "recovery/csv/csv_writer.h"

namespace redkeep::recovery {
namespace {

constexpr std::int64_t kChildren = 10;
constexpr std::size_t kWords = 10'000;
constexpr std::int64_t kMadeUpRowsBetweenReports = 10'000;
// Of the entities and of the associations.
using GraphPaths = std::array<std::string, 2>;
constexpr std::string_view kWhen = "2026-01-01T00:00:00Z";

// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere, which the standard's
// distributions are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
  }
  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(end));
  }
  double share() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

std::string made_up_word(std::size_t number) {
  static constexpr std::array<std::string_view, 20> kSyllables{
      "ba", "ke", "lo",  "mi", "nu",  "ra",  "sel", "tor", "vi",  "dan",
      "fe", "go", "har", "jo", "pel", "qui", "su",  "tam", "wen", "zor"};
  std::string word;
  std::size_t rest = number + kSyllables.size() * kSyllables.size();
  for (; rest > 0; rest /= kSyllables.size()) word += kSyllables[rest % kSyllables.size()];
  return word;
}

class MadeUp {
 public:
  explicit MadeUp(const MadeUpGraphOptions& options) : options_(options) {
    for (std::size_t number = 0; number < kWords; ++number) words_.push_back(made_up_word(number));
  }

  // A UUID of version 4 in form; which one is told by the seed and the number.
  std::string id(std::int64_t number) const {
    Random random(options_.seed * 0x100000001b3ULL + static_cast<std::uint64_t>(number));
    const std::uint64_t high = (random.next() & ~0xF000ULL) | 0x4000ULL;
    const std::uint64_t low = (random.next() & ~(3ULL << 62)) | (2ULL << 62);
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                       high & 0xFFFF, low >> 48, low & 0xFFFFFFFFFFFFULL);
  }

  static std::string_view type(std::int64_t number) {
    if (number % 10 == 7) return "snippet";
    return number % 10 == 9 ? "user" : "page";
  }

  // Frequent words come early in the list: the square of a share is near 0 more often.
  std::string text(Random& random, int words) const {
    std::string text;
    for (int i = 0; i < words; ++i) {
      const double share = random.share();
      if (i > 0) text += ' ';
      text += words_[static_cast<std::size_t>(share * share * static_cast<double>(kWords))];
    }
    return text;
  }

  Status write_entities(CsvWriter& file, const std::function<Status(std::int64_t)>& step) {
    Random random(options_.seed);
    for (std::int64_t number = 0; number < options_.entities; ++number) {
      const std::string title = text(random, 3);
      const std::string data =
          fmt::format(R"({{"title": "{}", "description": "{}"}})", title, text(random, 6));
      const std::string name = number % 4 == 0 ? fmt::format("$made.up.{}", number) : "";
      const std::string entity = id(number);
      const Status added = file.add({entity, type(number), name, data, "generate", kWhen});
      if (!added) return added;
      if (const Status stepped = step(number); !stepped) return stepped;
    }
    return file.finish();
  }

  Status write_associations(CsvWriter& file, const std::function<Status(std::int64_t)>& step) {
    Random random(~options_.seed);
    for (std::int64_t number = 1; number < options_.entities; ++number) {
      const std::string child = id(number);
      const std::string weight = fmt::format("{}", (number - 1) % kChildren);
      const std::string path = fmt::format("tree.{}", number);
      Status added = file.add({id((number - 1) / kChildren), child, path, "contains", weight});
      for (std::int64_t link = 0; added && link < options_.links; ++link) {
        // Another one: the distance is never 0.
        const std::int64_t distance = 1 + random.below(options_.entities - 1);
        const std::string other = id((number + distance) % options_.entities);
        added = file.add({child, other, fmt::format("link.{}.{}", number, link), "references",
                          fmt::format("{}", link)});
      }
      if (!added) return added;
      if (const Status stepped = step(options_.entities + number); !stepped) return stepped;
    }
    return file.finish();
  }

 private:
  const MadeUpGraphOptions& options_;
  std::vector<std::string> words_;
};

Result<MadeUpGraph> write_files(Disk& disk, const MadeUpGraphOptions& options,
                                const GraphPaths& paths,
                                const std::function<Status(std::int64_t)>& step) {
  MadeUp made_up(options);
  auto entities = CsvWriter::create(
      disk, paths[0], {"id", "type", "semantic_name", "data", "created_by", "created_at"});
  if (!entities) return entities.error();
  auto associations =
      CsvWriter::create(disk, paths[1], {"parent_id", "child_id", "path", "type", "weight"});
  if (!associations) return associations.error();
  if (const Status done = made_up.write_entities(*entities, step); !done) return done.error();
  const Status done = made_up.write_associations(*associations, step);
  if (!done) return done.error();
  return MadeUpGraph{entities->rows(), associations->rows(),
                     entities->bytes() + associations->bytes()};
}

bool file_is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Status remove_files(Disk& disk, const GraphPaths& paths) {
  for (const auto& path : paths) {
    if (const Status removed = remove_file(disk, path); !removed) return removed;
  }
  return {};
}

// What is there stays. What one that was killed has left is of no use: partial files, and where it
// had come so far, associations.csv beside entities.csv.partial.
Status require_room_for(Disk& disk, const GraphPaths& paths, const GraphPaths& partial) {
  const bool was_killed_at_the_end = !file_is_there(paths[0]) && file_is_there(partial[0]);
  for (const auto& path : paths) {
    if (!file_is_there(path) || was_killed_at_the_end) continue;
    return make_error(ErrorKind::Refused, "{} is there already: choose another directory",
                      printable(path));
  }
  if (was_killed_at_the_end) {
    if (const Status removed = remove_file(disk, paths[1]); !removed) return removed;
  }
  return remove_files(disk, partial);
}

// Associations first, since it is entities.csv that makes it a content directory.
Status name_for_good(Disk& disk, const GraphPaths& partial, const GraphPaths& paths) {
  Status named = rename_for_good(disk, partial[1], paths[1]);
  if (named) named = rename_for_good(disk, partial[0], paths[0]);
  if (named) return {};
  const Status removed = remove_files(disk, paths);
  return removed ? named : within(removed.error().message, named.error());
}

}  // namespace

Result<MadeUpGraph> write_made_up_graph(Disk& disk, const MadeUpGraphOptions& options,
                                        const std::stop_token& stop,
                                        const std::function<void(double)>& progress) {
  if (options.entities < 1 || options.links < 0) {
    return make_error(ErrorKind::InvalidInput, "at least one entity, and no fewer than 0 links");
  }
  if (const Status made = make_directory(disk, options.directory); !made) return made.error();
  const GraphPaths paths{options.directory + "/entities.csv",
                         options.directory + "/associations.csv"};
  const GraphPaths partial{paths[0] + ".partial", paths[1] + ".partial"};
  if (const Status free = require_room_for(disk, paths, partial); !free) return free.error();
  const std::function<Status(std::int64_t)> step = [&](std::int64_t row) -> Status {
    if (row % kMadeUpRowsBetweenReports != 0) return Status{};
    if (stop.stop_requested()) return interrupted();
    if (progress) progress(static_cast<double>(row) / static_cast<double>(2 * options.entities));
    return Status{};
  };
  auto made = write_files(disk, options, partial, step);
  Status done = made ? Status{} : Status{made.error()};
  if (done) done = name_for_good(disk, partial, paths);
  if (done) return made;
  const Status removed = remove_files(disk, partial);
  return removed ? done.error() : within(removed.error().message, done.error());
}

}  // namespace redkeep::recovery
