// The reader against a reader that is too simple to be wrong in the same way: whole text, one
// character after the other, nothing in place. What they say is compared event by event.
#include <gtest/gtest.h>

#include <random>

#include "temporary_directory.h"
#include "unit/recovery/csv/csv_rows.h"

namespace redkeep::recovery {
namespace {

constexpr std::string_view kHeader = "x,y\n";

std::string shown(const std::vector<std::string>& fields) {
  std::string text;
  for (const auto& field : fields) text += std::to_string(field.size()) + " bytes <" + field + "> ";
  return text;
}

// What reading rows of two fields ends up saying, one line each.
class SimpleReader {
 public:
  explicit SimpleReader(std::string text) : text_(std::move(text)) {}

  std::vector<std::string> read() {
    while (at_ < text_.size() && !broken_) read_row();
    return std::move(events_);
  }

 private:
  struct Place {
    int line = 0;
    std::size_t column = 0;
  };

  Place here() const { return {line_, at_ - line_start_ + 1}; }
  bool is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void step() {
    if (text_[at_++] == '\n') {
      ++line_;
      line_start_ = at_;
    }
  }
  void say(Place place, const std::string& what) {
    events_.push_back(std::to_string(place.line) + ":" + std::to_string(place.column) + ": " +
                      what);
  }

  void bad(const std::string& reason) {
    const bool is_later = row_line_ != line_;
    say(here(), reason + (is_later ? " (the row begins in line " + std::to_string(row_line_) + ")"
                                   : std::string()));
    while (at_ < text_.size() && !is('\n')) step();
    if (at_ < text_.size()) step();
  }

  void read_row() {
    const Place start = here();
    row_line_ = line_;
    std::vector<std::string> fields;
    for (;;) {
      std::string field;
      if (is('"')) {
        if (!read_quoted(field)) return;
      } else {
        while (at_ < text_.size() && !is(',') && !is('\r') && !is('\n') && !is('"')) {
          field += text_[at_];
          step();
        }
        if (is('"')) return bad("a quote in the middle of a field");
      }
      fields.push_back(field);
      if (!is(',')) break;
      step();
    }
    if (is('\r') && (at_ + 1 == text_.size() || text_[at_ + 1] != '\n')) {
      return bad("a carriage return without a newline");
    }
    if (is('\r')) step();
    if (at_ < text_.size() && !is('\n')) return bad("text after the closing quote of a field");
    if (is('\n')) step();
    if (fields.size() == 2) return say(start, shown(fields));
    const std::string noun = fields.size() == 1 ? " field" : " fields";
    say({start.line, 1}, "the row has " + std::to_string(fields.size()) + noun + ", the header 2");
  }

  bool read_quoted(std::string& field) {
    const Place open = here();
    step();
    for (;; step()) {
      if (at_ == text_.size()) {
        say(open, "the quote that opens here is never closed");
        broken_ = true;
        return false;
      }
      if (is('"') && (at_ + 1 == text_.size() || text_[at_ + 1] != '"')) break;
      if (is('"')) step();
      field += text_[at_];
    }
    step();
    return true;
  }

  std::string text_;
  std::size_t at_ = kHeader.size();
  int line_ = 2;
  int row_line_ = 2;
  std::size_t line_start_ = at_;
  bool broken_ = false;
  std::vector<std::string> events_;
};

std::vector<std::string> events_of(const std::string& path) {
  std::vector<std::string> events;
  auto reader = CsvReader::open(path, {{"x"}, {"y"}});
  if (!reader) return {reader.error().message};
  const auto without_name = [](std::string_view problem) {
    return std::string(problem.substr(problem.find(':') + 1));
  };
  for (;;) {
    const auto next = reader->next();
    if (next == CsvReader::Next::End) return events;
    if (next == CsvReader::Next::Row) {
      const std::vector<std::string> fields{std::string(reader->field(0)),
                                            std::string(reader->field(1))};
      events.push_back(without_name(reader->problem_at(0, shown(fields))));
    } else {
      events.push_back(without_name(reader->problem()));
    }
    if (next == CsvReader::Next::Broken) return events;
  }
}

class RandomTexts {
 public:
  explicit RandomTexts(unsigned seed) : random_(seed) {}

  // Quotes and commas oftener than the rest, so that some rows are good.
  std::string next(std::size_t longest) {
    constexpr std::string_view kAlphabet = "\"\"\",,,\r\n\n a";
    std::string text;
    for (auto left = random_() % (longest + 1); left > 0; --left) {
      text += kAlphabet[random_() % kAlphabet.size()];
    }
    return text;
  }
  std::size_t number(std::size_t below) { return random_() % below; }

 private:
  std::mt19937 random_;
};

TEST(CsvReaderRandom, AgreesWithASimpleReader) {
  constexpr unsigned kSeed = 48;
  RandomTexts texts(kSeed);
  const TemporaryDirectory directory;
  for (int round = 0; round < 800; ++round) {
    const std::string text = std::string(kHeader) + texts.next(round % 10 == 0 ? 400 : 30);
    const auto events = events_of(directory.write("x.csv", text));
    ASSERT_EQ(events, SimpleReader(text).read())
        << "seed " << kSeed << ", round " << round << ": " << testing::PrintToString(text);
  }
}

TEST(CsvReaderRandom, AgreesWithASimpleReaderAcrossTheBlockBorder) {
  constexpr unsigned kSeed = 52;
  constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
  RandomTexts texts(kSeed);
  const TemporaryDirectory directory;
  for (int round = 0; round < 40; ++round) {
    // A first row that ends a few bytes before the border, plain or in quotes.
    const std::string_view open = round % 2 == 0 ? "" : "\"";
    std::string text = std::string(kHeader) + std::string(open);
    text += std::string(kBlockBytes - text.size() - 5 - texts.number(24), 'p');
    const std::size_t tail = text.size();
    text += std::string(open) + ",q\n" + texts.next(40);
    const auto events = events_of(directory.write("x.csv", text));
    ASSERT_TRUE(events == SimpleReader(text).read())
        << "seed " << kSeed << ", round " << round << ", from byte " << tail << ": "
        << testing::PrintToString(text.substr(tail));
  }
}

}  // namespace
}  // namespace redkeep::recovery
