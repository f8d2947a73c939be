#include "error/error.h"

#include <gtest/gtest.h>

namespace redkeep {
namespace {

TEST(Printable, EscapesWhatSteersTerminalsAndLogs) {
  EXPECT_EQ(printable("a\x1b[31mb\n"), "a\\x1b[31mb\\x0a");
  EXPECT_EQ(printable("\"\\"), "\\x22\\x5c");
  EXPECT_EQ(printable("\xC2\x9B"), "\\xc2\\x9b");  // CSI as one C1 character
}

TEST(Printable, KeepsGoodUtf8AndEscapesTheRest) {
  EXPECT_EQ(printable("größe 日本"), "größe 日本");
  EXPECT_EQ(printable("\xFF\xC0\xAF"), "\\xff\\xc0\\xaf");
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");  // a surrogate
}

TEST(Printable, CutsWhatIsTooLong) { EXPECT_EQ(printable("abcdef", 3), "abc..."); }

TEST(Error, WithinPutsTheDoingInFront) {
  const Error error = within("loading", make_error(ErrorKind::Io, "cannot read {}", "x.csv"));
  EXPECT_EQ(error.message, "loading: cannot read x.csv");
  EXPECT_EQ(error.kind, ErrorKind::Io);
}

}  // namespace
}  // namespace redkeep
