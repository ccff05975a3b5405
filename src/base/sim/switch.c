/* SPDX-License-Identifier: MIT */
/*
 * switch - what a function call must keep, stored on the stack that is left.
 *
 * The floating point control words are not switched: nobody here changes them.
 */
#include "base/sim/switch.h"

#if SWITCH_OWN

#if defined(__x86_64__)

#define SAVED_WORDS 6 /* from sp upwards: r15 r14 r13 r12 rbx rbp, then the return address */
#define FRAME_AT    5
#define PC_AT	    6

__asm__(".text\n"
	".p2align 4\n"
	".globl switch_stacks\n"
	".hidden switch_stacks\n"
	".type switch_stacks, @function\n"
	"switch_stacks:\n"
	".cfi_startproc\n"
	"	pushq %rbp\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	pushq %rbx\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	pushq %r12\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	pushq %r13\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	pushq %r14\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	pushq %r15\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	popq %r14\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	popq %r13\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	popq %r12\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	popq %rbx\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	popq %rbp\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	ret\n"
	".cfi_endproc\n"
	".size switch_stacks, . - switch_stacks\n");

/* entry finds the stack as after a call: its return address, which is none, on top. */
void *switch_prepare(void *top, void (*entry)(void))
{
	void **sp = (void **)top - 1;

	*sp-- = NULL;
	*sp = (void *)(uintptr_t)entry;
	for (unsigned i = 0; i < SAVED_WORDS; i++)
		*--sp = NULL;
	return sp;
}

#else /* __aarch64__ */

#define SAVED_WORDS 20 /* from sp upwards: x29 x30 x19 ... x28 d8 ... d15 */
#define FRAME_AT    0
#define PC_AT	    1

__asm__(".text\n"
	".p2align 4\n"
	".globl switch_stacks\n"
	".hidden switch_stacks\n"
	".type switch_stacks, %function\n"
	"switch_stacks:\n"
	".cfi_startproc\n"
	"	sub sp, sp, #160\n"
	"	.cfi_adjust_cfa_offset 160\n"
	"	stp x29, x30, [sp, #0]\n"
	"	stp x19, x20, [sp, #16]\n"
	"	stp x21, x22, [sp, #32]\n"
	"	stp x23, x24, [sp, #48]\n"
	"	stp x25, x26, [sp, #64]\n"
	"	stp x27, x28, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n"
	"	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x29, x30, [sp, #0]\n"
	"	ldp x19, x20, [sp, #16]\n"
	"	ldp x21, x22, [sp, #32]\n"
	"	ldp x23, x24, [sp, #48]\n"
	"	ldp x25, x26, [sp, #64]\n"
	"	ldp x27, x28, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n"
	"	.cfi_adjust_cfa_offset -160\n"
	"	ret\n"
	".cfi_endproc\n"
	".size switch_stacks, . - switch_stacks\n");

void *switch_prepare(void *top, void (*entry)(void))
{
	void **sp = (void **)top;

	for (unsigned i = 0; i < SAVED_WORDS; i++)
		*--sp = NULL;
	sp[PC_AT] = (void *)(uintptr_t)entry;
	return sp;
}

#endif

void *switch_pc(void *sp)
{
	return ((void **)sp)[PC_AT];
}

void *switch_frame(void *sp)
{
	return ((void **)sp)[FRAME_AT];
}

#endif
