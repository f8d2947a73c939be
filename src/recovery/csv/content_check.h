#pragma once
// Checks a content directory whole, before anything is written: each row by itself, and what rows
// say together (duplicates, dangling ids, two containing parents, cycles).
#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "keys/fingerprint_set.h"
#include "recovery/csv/containments.h"
#include "recovery/csv/content_directory.h"
#include "redis/connection.h"

namespace redkeep::recovery {

struct ContentCheck {
  std::int64_t entities = 0;
  std::int64_t associations = 0;
  std::int64_t total_bytes = 0;      ///< Of the files.
  std::int64_t estimated_bytes = 0;  ///< What the content will take in Redis, words included.
  bool has_search_index = false;
  std::map<std::string, CsvReader::Version> files;  ///< By name: what was checked.
  Containments containments;
  keys::FingerprintSet entity_ids;
  ContentProblems problems;
  /// Lines of bad rows by file, in order: what --skip-bad-rows leaves out.
  std::vector<std::int64_t> bad_entity_lines;
  std::vector<std::int64_t> bad_association_lines;
  std::vector<std::int64_t> bad_index_lines;
};

/// Who goes on with what the check has read, by its own threads; the reader is at that row. Given
/// are rows that keep the rules by themselves and in their file; those of both files at once, that
/// of the search index after them. Each may be empty.
struct CheckEvents {
  std::function<void(const content::EntityView&, const CsvReader&)> entity_passed;
  std::function<void(const content::AssociationView&, const CsvReader&)> association_passed;
  std::function<void()> associations_read;  ///< From now on the check uses one thread only.
  std::function<void(std::string_view word, const CsvReader&)> word_passed;
};

/// Reads both files at the same time, with a second thread for the associations. The error is that
/// of a directory that cannot be read or is changed meanwhile, or Interrupted; bad rows are in
/// `problems`.
/// Memory grows by about 60 bytes an entity and 32 bytes an association (fingerprints and paths).
Result<ContentCheck> check_content(const std::string& directory, std::stop_token stop,
                                   const CheckEvents& events = {});

/// The same on a thread of its own: the caller's executor goes on meanwhile.
redis::awaitable<Result<ContentCheck>> check_content_beside(std::string directory,
                                                            std::stop_token stop,
                                                            CheckEvents events = {});

/// Fails if the file that was opened now is not the one that was checked: what rows say together is
/// not known of it.
Status same_as_checked(const ContentCheck& check, const CsvReader& reader);

}  // namespace redkeep::recovery
