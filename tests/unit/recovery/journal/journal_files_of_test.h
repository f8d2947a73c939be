#pragma once
// Journals that a test makes, breaks and reads.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "recovery/journal/journal_reader.h"
#include "recovery/journal/journal_writer.h"
#include "temporary_directory.h"

namespace redkeep::recovery {

// So small that some appends begin a new file.
inline constexpr JournalLimits kSmallFiles{Durability::Fsync, 400};
inline constexpr int kLinesToAppend = 18;

inline std::string bytes_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void replace_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::vector<JournalLine> some_lines(int count, int first = 1) {
  std::vector<JournalLine> lines;
  for (int i = first; i < first + count; ++i) {
    const std::string number = std::to_string(i);
    lines.push_back({0, "store", {"id" + number, "text, \"" + number + "\"\nof it"}});
  }
  return lines;
}

/// What a reader gives: the second fields' ids, or the error.
struct Read {
  std::vector<std::string> ids;
  std::vector<std::int64_t> positions;
  std::optional<TornTail> torn;
  std::string error;
};

inline Read read_journal(const std::string& directory, std::int64_t after = -1) {
  Read read;
  auto reader =
      after < 0 ? JournalReader::open_whole(directory) : JournalReader::open(directory, after);
  while (reader) {
    auto line = reader->next();
    if (!line) {
      read.error = line.error().message;
      return read;
    }
    if (!*line) {
      read.torn = reader->torn_tail();
      return read;
    }
    read.ids.push_back((*line)->fields.empty() ? "" : (*line)->fields.front());
    read.positions.push_back((*line)->position);
  }
  read.error = reader.error().message;
  return read;
}

inline std::vector<std::string> ids(int count, int first = 1) {
  std::vector<std::string> made;
  for (int i = first; i < first + count; ++i) made.push_back("id" + std::to_string(i));
  return made;
}

}  // namespace redkeep::recovery
