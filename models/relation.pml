/* SPDX-License-Identifier: MIT */
/*
 * Prints each abstract step of the operation once, when pan first takes it; models/README.md says how.
 * Included by pend.pml with -DRELATION; for two to four records.
 */
hidden byte step_event, step_record;

c_decl {
	#define FIELD(from, bits) (now.word >> (from) & ((1 << (bits)) - 1))
	#define SEEN_SIZE (1 << 24)
	static unsigned char step_seen[SEEN_SIZE / 8];
	static const char *const op_events[] = {"begin", "pend", "complete", "revoke", "classified", "cancel", "resume", "end"};
	static const char *const record_events[] = {"take", "complete", "revoke", "recall"};
	static const char letters[] = "EHDX";
}

c_code {
	/* The state of a record in the generation of a word. */
	static int state_of(short word, unsigned char record)
	{
		return record >> 2 == (word >> 9 & 7) ? record & 3 : 0;
	}

	static void print_state(short word, const unsigned char *records)
	{
		printf("P%dC%dH%dF%d ", word >> 7 & 3, word >> 6 & 1, word >> 3 & 7, word & 7);
		for (int i = 0; i < N; i++)
			printf("%s%c", i ? "," : "", letters[state_of(word, records[i])]);
	}

	/* The event decides what follows, so state and event are enough to know a step by. */
	static int is_new(short word, const unsigned char *records, int event)
	{
		unsigned key = word & 511;

		for (int i = 0; i < N; i++)
			key = key << 2 | state_of(word, records[i]);
		key = (key << 5 | event) & (SEEN_SIZE - 1);
		if (step_seen[key / 8] >> key % 8 & 1)
			return 0;
		step_seen[key / 8] |= 1 << key % 8;
		return 1;
	}

	static void relate_op(short word, short next, unsigned char *records)
	{
		if (!is_new(word, records, step_event))
			return;
		printf("relation: ");
		print_state(word, records);
		printf(" %s -> ", op_events[step_event]);
		print_state(next, records);
		printf("\n");
	}

	static void relate_record(short word, unsigned char *records, int next)
	{
		unsigned char after[N];

		if (!is_new(word, records, 8 + 4 * step_record + step_event))
			return;
		memcpy(after, records, N);
		after[step_record] = (word >> 9 & 7) << 2 | next;
		printf("relation: ");
		print_state(word, records);
		printf(" record %d %s -> ", step_record, record_events[step_event]);
		print_state(word, after);
		printf("\n");
	}
}

#define RELATE_OP(ev) step_event = ev; c_code { relate_op(now.word, pend_next, now.rec); };
#define RELATE_RECORD(r, ev) step_event = ev; step_record = r; c_code { relate_record(now.word, now.rec, rec_next); };
