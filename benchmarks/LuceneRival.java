import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.commons.codec.language.DoubleMetaphone;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.FuzzyQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.FSDirectory;

/**
 * Indexes names and searches them, keeping its own time: starting a virtual machine is no part of a search.
 *
 * <pre>
 * LuceneRival index FOLDER NAMES                                       prints the seconds that it took
 * LuceneRival search FOLDER KIND WANTED PASSES WARMING QUERIES ANSWERS
 * </pre>
 *
 * NAMES, WARMING and QUERIES hold a normalised name on each line. A line of ANSWERS is the nanoseconds of a query in
 * each pass, a tab, and the row numbers found, best first.
 */
public final class LuceneRival {
    private static final DoubleMetaphone SOUNDS = new DoubleMetaphone();

    private LuceneRival() {}

    private static Set<String> codes(String part) {
        Set<String> found = new LinkedHashSet<>();
        for (boolean alternate : new boolean[] {false, true}) {
            String code = SOUNDS.doubleMetaphone(part, alternate);
            if (code != null && !code.isEmpty()) {
                found.add(code);
            }
        }
        return found;
    }

    private static void index(Path folder, Path names) throws IOException {
        long start = System.nanoTime();
        IndexWriterConfig config = new IndexWriterConfig(new WhitespaceAnalyzer()).setRAMBufferSizeMB(512);
        try (IndexWriter writer = new IndexWriter(FSDirectory.open(folder), config);
                Stream<String> lines = Files.lines(names)) {
            Document document = new Document();
            TextField name = new TextField("name", "", Field.Store.NO);
            TextField sound = new TextField("sound", "", Field.Store.NO);
            NumericDocValuesField number = new NumericDocValuesField("row", 0);
            document.add(name);
            document.add(sound);
            document.add(number);
            long row = 0;
            for (Iterator<String> each = lines.iterator(); each.hasNext(); ) {
                String text = each.next();
                StringBuilder all = new StringBuilder();
                for (String part : text.split(" ")) {
                    for (String code : codes(part)) {
                        all.append(code).append(' ');
                    }
                }
                name.setStringValue(text);
                sound.setStringValue(all.toString());
                number.setLongValue(row++);
                writer.addDocument(document);
            }
            writer.forceMerge(1);
        }
        System.out.println((System.nanoTime() - start) / 1e9);
    }

    /** Every part must be met: by a part within two edits, by one that sounds alike, or by either. */
    private static Query query(String text, String kind) {
        BooleanQuery.Builder every = new BooleanQuery.Builder();
        for (String part : text.split(" ")) {
            BooleanQuery.Builder any = new BooleanQuery.Builder();
            if (!kind.equals("sounds")) {
                any.add(new FuzzyQuery(new Term("name", part), 2), Occur.SHOULD);
            }
            if (!kind.equals("fuzzy")) {
                for (String code : codes(part)) {
                    any.add(new TermQuery(new Term("sound", code)), Occur.SHOULD);
                }
            }
            every.add(any.build(), Occur.MUST);
        }
        return every.build();
    }

    private static int[] search(IndexSearcher searcher, String text, String kind, int wanted) throws IOException {
        ScoreDoc[] hits = searcher.search(query(text, kind), wanted).scoreDocs;
        // The index is one segment. Its values can be read in the order of documents only.
        LeafReaderContext segment = searcher.getIndexReader().leaves().get(0);
        int[] rows = new int[hits.length];
        int[][] order = new int[hits.length][];
        for (int at = 0; at < hits.length; at++) {
            order[at] = new int[] {hits[at].doc, at};
        }
        Arrays.sort(order, (a, b) -> Integer.compare(a[0], b[0]));
        NumericDocValues values = segment.reader().getNumericDocValues("row");
        for (int[] one : order) {
            values.advanceExact(one[0] - segment.docBase);
            rows[one[1]] = (int) values.longValue();
        }
        return rows;
    }

    /** Asks all, and notes in one column of {@code nanoseconds} what each took. */
    private static List<int[]> ask(
            IndexSearcher searcher, List<String> texts, String kind, int wanted, long[][] nanoseconds, int pass)
            throws IOException {
        List<int[]> found = new ArrayList<>();
        for (int at = 0; at < texts.size(); at++) {
            long start = System.nanoTime();
            int[] rows = search(searcher, texts.get(at), kind, wanted);
            nanoseconds[at][pass] = System.nanoTime() - start;
            found.add(rows);
        }
        return found;
    }

    private static void search(String[] arguments) throws IOException {
        Path folder = Paths.get(arguments[1]);
        String kind = arguments[2];
        int wanted = Integer.parseInt(arguments[3]);
        int passes = Integer.parseInt(arguments[4]);
        List<String> warming = Files.readAllLines(Paths.get(arguments[5]));
        List<String> queries = Files.readAllLines(Paths.get(arguments[6]));
        long[][] nanoseconds = new long[queries.size()][passes];
        List<int[]> found = new ArrayList<>();
        try (DirectoryReader reader = DirectoryReader.open(FSDirectory.open(folder))) {
            IndexSearcher searcher = new IndexSearcher(reader);
            searcher.setQueryCache(null);
            // The compiler needs thousands of calls; when they are slow, some seconds of them.
            long[][] uncounted = new long[warming.size()][1];
            long end = System.nanoTime() + 10_000_000_000L;
            for (int asked = 0; asked < 10_000 && !warming.isEmpty() && System.nanoTime() < end; asked += warming.size()) {
                ask(searcher, warming, kind, wanted, uncounted, 0);
            }
            for (int pass = 0; pass < passes; pass++) {
                found = ask(searcher, queries, kind, wanted, nanoseconds, pass);
            }
        }
        try (BufferedWriter out = Files.newBufferedWriter(Paths.get(arguments[7]))) {
            for (int at = 0; at < nanoseconds.length; at++) {
                StringBuilder line = new StringBuilder();
                for (long one : nanoseconds[at]) {
                    line.append(one).append(' ');
                }
                line.append('\t');
                for (int row : found.get(at)) {
                    line.append(row).append(' ');
                }
                out.write(line.append('\n').toString());
            }
        }
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments[0].equals("index")) {
            index(Paths.get(arguments[1]), Paths.get(arguments[2]));
        } else {
            search(arguments);
        }
    }
}
