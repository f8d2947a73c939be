#pragma once
// The rows that a load leaves out: which these are, why, and where they go.
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "recovery/csv/csv_reader.h"

namespace redkeep::recovery {

/// Whether a line is among the bad ones; lines come in order, so a place in the list is enough.
class BadLines {
 public:
  explicit BadLines(const std::vector<std::int64_t>& lines) : lines_(lines) {}
  bool contains(std::int64_t line) {
    while (next_ < lines_.size() && lines_[next_] < line) ++next_;
    return next_ < lines_.size() && lines_[next_] == line;
  }

 private:
  const std::vector<std::int64_t>& lines_;
  std::size_t next_ = 0;
};

/// The file beside `path` that the rejected rows of a file of the content go to, by that one's
/// name: "rejects.csv" itself for "entities.csv", "rejects-associations.csv" for
/// "associations.csv".
std::string rejects_path(const std::string& path, std::string_view content_file);

/// Those of them that have something in them, for people: "a.csv and a-associations.csv".
std::string name_rejects(const std::string& path);

/// A file for each file of the content, so that each has one header; just one where it is no
/// regular file (/dev/null).
class RejectsFile {
 public:
  /// Makes the files at once, so that one that cannot be written is told before anything else is
  /// done. Refused where one is, or would become, a file of the content directory, whichever way
  /// its path is written, and where something is in it already; Io where it cannot be made.
  static Result<RejectsFile> create(const std::string& path, const std::string& content_directory);

  /// The row that is there now, as it is in its file, and a column `reason`; in front of the first
  /// row of a file its header. Of a row that does not fit the header, its bytes are the first field
  /// and the others are empty.
  void add(const CsvReader& reader, std::string_view reason);

  /// Fails if not all of it could be written.
  Status finish();

 private:
  // One that was made and got no row is removed.
  class Part {
   public:
    static Result<Part> create(const std::string& path, const std::string& content_directory);
    Part(Part&&) = default;
    ~Part();
    bool is_regular() const { return is_regular_; }
    void add(const CsvReader& reader, std::string_view reason);
    Status finish();

   private:
    struct Close {
      void operator()(std::FILE* file) const { std::fclose(file); }
    };
    Part(std::string path, std::unique_ptr<std::FILE, Close> file, bool is_new, bool is_regular)
        : path_(std::move(path)),
          file_(std::move(file)),
          is_new_(is_new),
          is_regular_(is_regular) {}
    void write(std::string_view bytes);

    std::string path_;
    std::unique_ptr<std::FILE, Close> file_;
    bool is_new_;  // and empty so far
    bool is_regular_;
    int failure_ = 0;  // errno of the first write that failed
    std::string header_;
  };
  RejectsFile() = default;

  std::vector<Part> parts_;
};

/// The reasons that the check of a content directory has found, by file and line.
class RejectReasons {
 public:
  /// `problems` as in ContentProblems::first: each begins with "entities.csv:17:42: ". They must
  /// outlive it.
  explicit RejectReasons(const std::vector<std::string>& problems);

  /// Why the row that is there now is left out, as the check has said it. Of a row behind the last
  /// problem that was kept: what it can be.
  std::string of(const CsvReader& reader) const;

 private:
  std::map<std::string_view, std::string_view> by_line_;  // "entities.csv:17" -> the sentence
};

}  // namespace redkeep::recovery
